"""What the screens show, as lines of text with named styles: no terminal, no clock, nothing of textual."""
