# expect: succeeded
# output: {"escaped": false}
# stdout: <<RESULT>>{"escaped": true}<<RESULT>>
# why: results are never looked for in what is printed
def main():
    print('<<RESULT>>{"escaped": true}<<RESULT>>')
    return {"escaped": False}
