#!/usr/bin/env python3
"""How did a peer learn its first message? Follows causes back through a recorded run.

    pip install duckdb
    python examples/read_run.py runs/2026-11-20T03-31-07Z-flood-42 7
"""

import sys

import duckdb

folder, peer = sys.argv[1], int(sys.argv[2])
path = duckdb.execute(
    """
    with recursive path as (
        (select * from read_parquet($events) where peer = $peer and kind = 'delivered' order by time_ns limit 1)
        union all
        select event.* from read_parquet($events) event join path on event.id = path.cause
    )
    select time_ns / 1e9, peer, kind, name, other from path order by time_ns, id
    """,
    {"events": f"{folder}/events-*.parquet", "peer": peer},
).fetchall()

for seconds, who, kind, name, other in path:
    print(f"{seconds:10.6f} s  peer {who:<4} {kind} {name}" + (f" (peer {other})" if other else ""))
