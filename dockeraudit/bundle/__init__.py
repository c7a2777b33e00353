"""The evidence bundle: what was found and seen, in one signed file that says when it was changed.

`make` puts results, facts and reports together, with pseudonyms where they are asked for;
`archive` packs them the same way every time; `verify` reads a bundle that may be anybody's.
"""
