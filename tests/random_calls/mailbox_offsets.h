/* tests/random_calls/mailbox_offsets.h - offsets in random_calls::Mailbox, for assembly. */
#pragma once

#define MAIL_RAX 0
#define MAIL_RDI 8
#define MAIL_RSI 16
#define MAIL_RDX 24
#define MAIL_R10 32
#define MAIL_R8 40
#define MAIL_R9 48
#define MAIL_STATUS 56
#define MAIL_VALUE 64
#define MAIL_DONE 72
#define MAIL_BELL 80
#define MAIL_WAIT 88
#define MAIL_END 96
#define MAIL_RESUME 104

/* And in random_calls::Deed. */
#define DEED_RAX 0
#define DEED_RDI 8
#define DEED_RSI 16
#define DEED_RDX 24
