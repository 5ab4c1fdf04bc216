"""A deterministic world: one seed decides every time, tie, delay, fault and crash.

The engine, the order logic of the sender, the venue, the sweep, the decoders and the spot
exchange are the real ones. Between them stand a network and a disk that can do everything that
networks and disks do, in virtual time, without an event loop.
"""
