"""Incidents: opened by anybody on duty, classified, measured, told, cured, reviewed, closed."""
