"""What a compiled policy is: plain data only. Compiler and engine both know this floor and never each
other."""
