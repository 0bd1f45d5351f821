"""The front before several cells: takes `/loyalty/v1/*` and sends each request to its cell.

A cell is an ordinary installation that keeps the members of a range of buckets. The front keeps
nothing: it has no database and checks no token. What belongs to a member goes to the cell of the
member's bucket; what is named otherwise goes to the cell that knows the name, as the cells say when
they are asked (`POST /loyalty/v1/places`, with the caller's own token); what nobody knows goes to a
cell chosen by a hash of the name; all else goes to the home cell. Answers come back unchanged.
"""

from hansa.surfaces.loyalty_front.front import Front

__all__ = ["Front"]
