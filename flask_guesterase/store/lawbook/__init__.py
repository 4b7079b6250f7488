"""The law as the house has it: packs, rulebook, schedule, and the days and cases they ask for."""
