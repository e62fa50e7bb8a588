"""The one table: its keys, its item shapes, and a store per port."""
