"""The only HTTP surface: takes leads in and shows them; stateless, any number of copies."""
