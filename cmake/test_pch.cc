// Nothing: gives the shared precompiled header of the test programs a target to live in.
