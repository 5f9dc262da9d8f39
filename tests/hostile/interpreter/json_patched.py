# expect: succeeded
# output: {"escaped": false}
# why: a patched json must not write the result
import json


def main():
    forged = lambda *arguments, **named: '{"escaped": true}'
    json.dumps = json.dump = json.loads = forged
    json.encoder.c_make_encoder = None
    json.JSONEncoder.encode = json.JSONEncoder.iterencode = forged
    json.encoder.encode_basestring_ascii = json.encoder.encode_basestring = forged
    json.encoder.INFINITY = json.encoder.float = None
    return {"escaped": False}
