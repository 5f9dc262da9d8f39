"""Clean one report of a bird strike and score it.

severity, 0-100: what the strike did.      damage points (0-60) + cost points (0-40, ten per power of ten from 1,000 USD)
risk, 0-100:     what it could have done.  energy points (0-50, full at 10 kJ) + phase points (0-30) + light points (0-20)
"""

import ctypes
import math
import platform
from datetime import date

WORDS = {"Arpt": "Airport", "Intl": "International", "Natl": "National", "Afb": "AFB", "Exprs": "Express", "Ny": "NY"}
INITIALS = {"ABX", "PSA", "UPS", "US", "(OR)"}
MISSING = {"", "UNKNOWN", "N/A", "-"}

DAMAGE_POINTS = {"none": 0, "minor": 15, "medium": 30, "substantial": 45, "class c": 30, "class b": 60}
MASS_KG = {"small": 0.1, "medium": 1.0, "large": 4.0}
PHASE_POINTS = {"take-off": 30, "climb": 25, "approach": 20, "landing": 15, "descent": 10, "taxi": 0, "parked": 0}
USUAL_KNOTS = {"take-off": 125, "climb": 165, "approach": 140, "landing": 115, "descent": 250, "taxi": 20, "parked": 0}
LIGHT_POINTS = {"day": 0, "dawn": 15, "dusk": 15, "night": 20}
MPS_PER_KNOT = 0.514444
PTRACE = {"x86_64": 101, "aarch64": 117}


def main(record: dict, trouble: str | None = None, later_trouble: str | None = None) -> dict:
    if trouble is not None:
        misbehave(trouble, record)
    strike = clean(record)
    strike["severity"] = severity(strike)
    strike["risk"] = risk(strike)
    strike["band"] = "high" if strike["risk"] >= 60 else "moderate" if strike["risk"] >= 35 else "low"
    if later_trouble is not None:
        strike["trouble"] = later_trouble
    return strike


def clean(record: dict) -> dict:
    return {
        "airport": name(record["Airport Name"]),
        "state": text(record["Origin State"]),
        "operator": name(record["Aircraft Airline Operator"]),
        "aircraft": text(record["Aircraft Make Model"]),
        "date": iso_date(record["Flight Date"]),
        "time_of_day": lower(record["Time of day"]),
        "phase": phase(record["Phase of flight"]),
        "species": text(record["Wildlife Species"]),
        "size": lower(record["Wildlife Size"]),
        "damage": damage(record["Effect Amount of damage"]),
        "cost_usd": number(record["Cost Total $"]),
        "speed_knots": number(record["Speed IAS in knots"]),
    }


def text(value: str) -> str | None:
    value = " ".join(value.split())
    return None if value.upper() in MISSING else value


def lower(value: str) -> str | None:
    value = text(value)
    return value and value.lower()


def name(value: str) -> str | None:
    """Title case for what is all upper case, with the abbreviations of the list written out."""
    value = text(value.rstrip("*"))
    if value is None or not value.isupper():
        return value
    return " ".join("/".join(word(part) for part in chunk.split("/")) for chunk in value.split(" "))


def word(part: str) -> str:
    return part if part in INITIALS else WORDS.get(part.title(), part.title())


def number(value: str) -> int | float | None:
    value = text(value.replace(",", "").replace("$", ""))
    if value is None:
        return None
    parsed = float(value)
    return int(parsed) if parsed.is_integer() else parsed


def iso_date(value: str) -> str | None:
    value = text(value)
    if value is None:
        return None
    if "/" in value:
        month, day, year = (int(part) for part in value.split(" ")[0].split("/"))
        return date(year, month, day).isoformat()
    return date.fromisoformat(value[:10]).isoformat()


def phase(value: str) -> str | None:
    value = lower(value)
    return value and value.removesuffix(" run").removesuffix(" roll")


def damage(value: str) -> str:
    """`B` and `C` are mishap classes of military reports; here a blank is a report without damage."""
    value = lower(value) or "none"
    return f"class {value}" if value in ("b", "c") else value


def severity(strike: dict) -> int:
    cost = strike["cost_usd"] or 0
    cost_points = min(40, max(0, 10 * (math.floor(math.log10(cost)) - 2))) if cost > 0 else 0
    return DAMAGE_POINTS.get(strike["damage"], 0) + cost_points


def risk(strike: dict) -> int:
    knots = strike["speed_knots"]
    if knots is None:
        knots = USUAL_KNOTS.get(strike["phase"], 140)
    joules = MASS_KG.get(strike["size"], 1.0) * (knots * MPS_PER_KNOT) ** 2 / 2
    energy_points = min(50, joules / 10_000 * 50)
    return round(energy_points + PHASE_POINTS.get(strike["phase"], 15) + LIGHT_POINTS.get(strike["time_of_day"], 10))


def misbehave(trouble: str, record: dict) -> None:
    """What the items of `prepare.py --with-trouble` ask for, to show that the others are none the worse for it."""
    if trouble == "exception":
        raise ValueError(f"cannot score a strike at {record['Airport Name']}")
    if trouble == "endless loop":
        while True:
            pass
    if trouble == "take 2 GiB":
        pages = bytearray(2 << 30)
        for at in range(0, len(pages), 4096):
            pages[at] = 1
    if trouble == "forbidden system call":
        ctypes.CDLL(None).syscall(PTRACE[platform.machine()], 0, 0, 0, 0)
    if trouble == "crash the interpreter":
        ctypes.string_at(0)
