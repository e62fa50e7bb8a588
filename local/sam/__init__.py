"""The functions as `sam local` runs them: built, in Lambda's container, over a local stack.

The containers see this machine by another address than loopback: see `containers` and `relay`.
"""
