"""Mutated files and requests, and killed runs: the parts of ``benchmarks/hardening.py``.

``seeds`` makes small files that are right, ``mutants`` spoils them where ``containers`` finds something to spoil,
``studio_requests`` spoils what goes to the studio,
``uses`` gives mutants to the package and says what is wrong (``studio`` is the server that it asks), ``workers`` runs
them in processes with limits, and ``kills`` ends runs at random moments.
"""
