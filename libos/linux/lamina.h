/* libos/linux/lamina.h - what an app of the stock compiler may ask the libOS it is linked with. */
#pragma once

#ifdef __cplusplus
extern "C" {
#endif

/** Writes to the console which system calls were answered with ENOSYS, and how often. Nothing on
 *  Linux. */
void lamina_print_unserved_calls(void);

#ifdef __cplusplus
}
#endif
