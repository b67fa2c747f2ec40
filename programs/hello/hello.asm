; Writes one line with write(2) and leaves with exit(2): no stack, no library.
        default rel
        global  _start
        section .text
_start:
        mov     eax, 1                  ; write(1, text, length)
        mov     edi, 1
        lea     rsi, [text]
        mov     edx, length
        syscall
        mov     eax, 60                 ; exit(0)
        xor     edi, edi
        syscall

        section .rodata
text:   db      "Hello from assembly.", 10
length  equ     $ - text

        section .note.GNU-stack noalloc noexec nowrite progbits
