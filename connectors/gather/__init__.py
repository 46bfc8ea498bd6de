"""Documents gathered from several tables: a change of a row or of a row related to it has the whole document read again, in one state of the database.

A change says which documents it touches and nothing else; what they are is read by one statement together with ``pg_current_snapshot()``, which orders what was read (``contracts/rows/snapshots.py``).
So it does not matter in which order changes arrive, how often, or how many processes gather: the highest is the state that was seen last.
"""
