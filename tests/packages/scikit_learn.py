# output: {"v": 4.0}
from sklearn.linear_model import LinearRegression


def main():
    return {"v": round(float(LinearRegression().fit([[0], [1]], [0, 2]).predict([[2]])[0]), 3)}
