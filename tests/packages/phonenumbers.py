# output: {"v": true}
import phonenumbers


def main():
    return {"v": phonenumbers.is_valid_number(phonenumbers.parse("+442083661177"))}
