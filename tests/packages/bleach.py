# output: {"v": "&lt;script&gt;x&lt;/script&gt;"}
import bleach


def main():
    return {"v": bleach.clean("<script>x</script>")}
