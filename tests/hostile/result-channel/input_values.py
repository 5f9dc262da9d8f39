# expect: succeeded
# inputs: {"text": "\"\"\"); import os; os._exit(1) #", "more": "{{7*7}}${7*7}\\\n'''</script>"}
# output: {"escaped": false, "text": "\"\"\"); import os; os._exit(1) #", "more": "{{7*7}}${7*7}\\\n'''</script>"}
# why: inputs that look like code are passed as data, never pasted
def main(text, more):
    return {"escaped": False, "text": text, "more": more}
