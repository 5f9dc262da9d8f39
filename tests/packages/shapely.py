# output: {"v": true}
import shapely


def main():
    return {"v": shapely.Point(0, 0).buffer(1).area > 3}
