"""Policy text to Program: source, diagnostics, the language's tables, compiler. Pure; opens no file."""
