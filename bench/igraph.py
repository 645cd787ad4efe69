"""The measures of `npm run bench -- algo --only igraph` by igraph's C core: `igraph.py FILE`, a file of algo_edges.ts."""

import array
import statistics
import sys
import time

# This file has the name of the package.
sys.path.pop(0)
import igraph  # noqa: E402

rows = array.array("I")
with open(sys.argv[1], "rb") as file:
    rows.frombytes(file.read())
nodes = 1 + max(max(rows[0::3]), max(rows[1::3]))
directed = igraph.Graph(nodes, list(zip(rows[0::3], rows[1::3])), directed=True)
directed.es["weight"] = list(rows[2::3])
graph = directed.as_undirected(combine_edges="first")
weights = graph.es["weight"]
start = graph.degree().index(max(graph.degree()))


def measure(name, run, rounds=5):
    times = []
    for _ in range(rounds):
        before = time.perf_counter()
        run()
        times.append(1000 * (time.perf_counter() - before))
    print(f"{name:<20} {statistics.median(times):10.1f} ms", flush=True)


measure("BFS", lambda: graph.distances(start))
measure("PageRank to 1e-10", lambda: graph.pagerank(implementation="prpack"))
measure("weak components", lambda: graph.connected_components())
measure("strong components", lambda: directed.connected_components(mode="strong"))
measure("SSSP", lambda: graph.distances(start, weights=weights))
measure("triangles", lambda: graph.transitivity_undirected())
measure("k-core", lambda: graph.coreness())
measure("Louvain", lambda: graph.community_multilevel(), 3)
