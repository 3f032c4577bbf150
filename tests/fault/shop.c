/* The same world as the kill harness has. */
#include "../crash/shop.c"
