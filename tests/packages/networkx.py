# output: {"v": [0, 1, 2, 3]}
import networkx as nx


def main():
    return {"v": nx.shortest_path(nx.path_graph(4), 0, 3)}
