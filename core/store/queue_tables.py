"""The tables of the queue: whose turn it is in each lane, and how much one person may have."""

from sqlalchemy import Column, Float, Integer, String, Table

from core.store.schema import metadata

# Stride scheduling: a person's next turn begins at `passed`, or at the lane's clock, the largest `began`, if that is later.
turns = Table(
    "turns",
    metadata,
    Column("lane", String(16), primary_key=True),
    Column("owner", String(64), primary_key=True),
    Column("began", Float, nullable=False),
    Column("passed", Float, nullable=False),
)

# What differs from the settings of the server for one person; None: as the settings say.
limits = Table(
    "limits",
    metadata,
    Column("user", String(64), primary_key=True),
    Column("runs", Integer),  # that wait for training
    Column("jobs", Integer),  # that wait in any lane
    Column("gigabytes", Float),  # of datasets and runs
    Column("weight", Float),  # turns in the queue for each turn of other people
)
