"""Tables that the embedding operator is timed on, by name."""

DCNV2_ROWS = [
    40000000, 39060, 17295, 7424, 20265, 3, 7122, 1543, 63, 40000000, 3067956, 405282, 10, 2209, 11938, 155, 4, 976, 14,
    40000000, 40000000, 40000000, 590152, 12973, 108, 36]
DCNV2_POOLING = [3, 2, 1, 2, 6, 1, 1, 1, 1, 7, 3, 8, 1, 6, 9, 5, 1, 1, 1, 12, 100, 27, 10, 3, 1, 1]


def shape_of(text):
    """dcnv2[=DIM] (docs/definitions.md) or ROWS,POOLING,DIM: rows and pooling of each table, dim."""
    if text.startswith("dcnv2"):
        dim = int(text.partition("=")[2] or 128)
        return [max(rows // 40, min(rows, 4)) for rows in DCNV2_ROWS], DCNV2_POOLING, dim
    rows, pooling, dim = (int(part) for part in text.split(","))
    return [rows], [pooling], dim
