# expect: memory_killed | memory_error
# limits: {"memory_bytes": 134217728}
# why: memory by very many small objects
def main():
    kept = []
    while True:
        kept.append([object()])
