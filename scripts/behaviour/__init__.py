"""Keep what Impasto does, and show after a change of its code what it does otherwise: ``python scripts/behaviour``.

In: a checkout of Impasto. Out: a JSON file of every case, part by part, in words; or what differs from such a file.
Modules, in order: ``inputs`` writes the files that a case begins with; ``cases`` and ``calls`` are tables of command
lines and of calls from Python; ``fingerprint`` puts what came out into words; ``runner`` runs the cases.
Never imports ``impasto`` itself, except in the process of its own in which ``runner`` makes the calls.
"""
