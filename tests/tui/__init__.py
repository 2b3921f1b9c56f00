"""The screens: text, keys, dialogs, and a real terminal."""
