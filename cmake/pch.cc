// Nothing: gives precompiled headers a target to live in.
