"""Windows of time over a group's rows: counts, sums, means and more of each key's rows in [t - length, t).

How they are computed, from rows to columns (a picture is in docs/images/window_positions.svg):

1. **Measures** (`measures`) say which rows count and which values they have: one measure for each pair of a column
   and a condition, whose functions share all work.
2. **Elements** (`elements`) are what windows are made of, sorted by key and time. A row is an element. So is a tile
   (`tiles`), which stands for the rows of a key in a day or a month; windows that begin or end within that time need
   its rows. An element holds the parts of each measure: the count of its values, their sum and sum of squares as
   limbs, which are whole numbers (`exact_sums`), the least, the greatest, the first, the last, the different ones.
3. **Ends** (`ends`) are the keys and times at which windows end: the rows of a group, or the instants of a grid at
   which the longest window of the key holds an element.
4. **Positions** (`positions`): a window is the elements from a position up to another one. How many elements come
   before (key, t), and how many before (key, t - length)?
5. **Differences** (`running_sums`): the running sum at the one position less that at the other. Whole numbers lose
   nothing in it, and are rounded once, at the end. So a window has the same bits from rows and from tiles, in any
   order, whatever else is computed. Extremes come from runs of 1, 2, 4, ... elements (`extremes`); a different value
   counts where it was last seen (`distinct`).

`engine` puts these together. `history` reads what windows reach, as kept tiles and as rows. `aggregate` is the door.
"""
