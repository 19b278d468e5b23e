"""Searching everything that the database holds, as somebody with its files would."""

from collections.abc import Iterator

from django.db import connection


def places_of(word: str) -> list[str]:
    """The columns of all tables, `table.column`, in which a word stands: also inside bytes."""
    return sorted({place for place, held in _values() if word.encode() in held})


def _values() -> Iterator[tuple[str, bytes]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name, column_name, data_type FROM information_schema.columns"
            " JOIN information_schema.tables USING (table_schema, table_name)"
            " WHERE table_schema = 'public' AND table_type = 'BASE TABLE'"
        )
        for table, column, kind in cursor.fetchall():
            shown = f'"{column}"' if kind == "bytea" else f"convert_to(\"{column}\"::text, 'UTF8')"
            cursor.execute(f'SELECT {shown} FROM "{table}" WHERE "{column}" IS NOT NULL')
            for (value,) in cursor.fetchall():
                yield f"{table}.{column}", bytes(value)
