-- Replaces a name of the library.
string = {}
