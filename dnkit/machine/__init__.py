"""What a compiled policy is: plain data only. Compiler and engine know this floor and not each other."""
