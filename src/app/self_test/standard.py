"""What programs use most of the standard library. `main` is in main.py, which follows."""


def use_decimal(decimal):
    return str(decimal.Decimal("0.1") + decimal.Decimal("0.2")) == "0.3"


def use_datetime(datetime):
    zone = datetime.timezone(datetime.timedelta(hours=2))
    text = datetime.datetime(2024, 2, 29, 12, tzinfo=zone).astimezone(datetime.timezone.utc).isoformat()
    return text == "2024-02-29T10:00:00+00:00" and datetime.datetime.now().year > 2000


def use_zoneinfo(zoneinfo):
    try:
        zone = zoneinfo.ZoneInfo("Europe/Berlin")
    except zoneinfo.ZoneInfoNotFoundError:
        return True  # a host without time zones
    return __import__("datetime").datetime(2024, 7, 1, tzinfo=zone).isoformat() == "2024-07-01T00:00:00+02:00"


def use_sqlite3(sqlite3):
    return sqlite3.connect(":memory:").execute("select 6 * 7").fetchone() == (42,)


def use_asyncio(asyncio):
    async def twice(n):
        await asyncio.sleep(0)
        return n * 2

    return asyncio.run(twice(21)) == 42


def use_threading(threading):
    seen = []
    thread = threading.Thread(target=seen.append, args=(1,))
    thread.start()
    thread.join()
    return seen == [1]


USES = {
    "decimal": use_decimal,
    "datetime": use_datetime,
    "zoneinfo": use_zoneinfo,
    "re": lambda re: re.sub(r"(\w+)@\w+", r"\1", "é@home") == "é",
    "json": lambda json: json.loads(json.dumps({"é": [1, 2.5, None]})) == {"é": [1, 2.5, None]},
    "hashlib": lambda hashlib: hashlib.sha256(b"a").hexdigest().startswith("ca978112"),
    "random": lambda random: 0.0 <= random.random() < 1.0,
    "uuid": lambda uuid: uuid.uuid4().version == 4,
    "zlib": lambda zlib: zlib.decompress(zlib.compress(b"a" * 1000)) == b"a" * 1000,
    "sqlite3": use_sqlite3,
    "asyncio": use_asyncio,
    "threading": use_threading,
}

MAY_BE_MISSING = False
