/* Numeric addresses of a name from a file in the format of hosts(5). Never asks a name server, never waits. */
#ifndef GONIT_HOSTS_H
#define GONIT_HOSTS_H

#define HOSTS_ADDRESSES_MAX 16
#define HOSTS_ADDRESS_BYTES 46 /* INET6_ADDRSTRLEN */

/* How many addresses were found. A numeric name is its own address; "localhost" is known without the file. */
int hosts_find(const char *file, const char *name, char (*addresses)[HOSTS_ADDRESS_BYTES]);

#endif
