"""What is done with findings: ignored with a reason, chosen, mended, shown in six formats."""
