/* The same world as the kill harness has. */
#include "../crash/books.c"
