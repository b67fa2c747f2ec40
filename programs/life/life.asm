; Conway's Game of Life on a torus of 64 by 24 cells: 200 generations of an R-pentomino,
; printed at some of them. No library; one write(2) for each picture.
        default rel
        global  _start

WIDTH   equ     64
HEIGHT  equ     24

        section .bss
now:    resb    WIDTH * HEIGHT
next:   resb    WIDTH * HEIGHT
picture:resb    (WIDTH + 1) * HEIGHT + 64

        section .text
_start:
        lea     rbx, [now]
        mov     byte [rbx + 11 * WIDTH + 31], 1         ; . X X
        mov     byte [rbx + 11 * WIDTH + 32], 1         ; X X .
        mov     byte [rbx + 12 * WIDTH + 30], 1         ; . X .
        mov     byte [rbx + 12 * WIDTH + 31], 1
        mov     byte [rbx + 13 * WIDTH + 31], 1
        xor     r15d, r15d                              ; generation
.generation:
        lea     rsi, [shown]
.look:
        lodsw
        movzx   eax, ax
        cmp     eax, r15d
        je      .show
        cmp     ax, -1
        jne     .look
        jmp     .advance
.show:
        call    print
.advance:
        call    step
        inc     r15d
        cmp     r15d, 200
        jbe     .generation
        mov     eax, 60
        xor     edi, edi
        syscall

; One generation: now -> next -> now.
step:
        lea     r8, [now]
        lea     r9, [next]
        xor     r10d, r10d                              ; row
.row:
        xor     r11d, r11d                              ; column
.cell:
        xor     eax, eax                                ; living neighbours, the cell itself included
        mov     ecx, -1
.dy:
        lea     edi, [r10 + rcx]
        test    edi, edi
        jns     .above
        add     edi, HEIGHT
.above:
        cmp     edi, HEIGHT
        jb      .below
        sub     edi, HEIGHT
.below:
        imul    edi, edi, WIDTH
        mov     edx, -1
.dx:
        lea     esi, [r11 + rdx]
        and     esi, WIDTH - 1
        add     esi, edi
        add     al, [r8 + rsi]
        inc     edx
        cmp     edx, 1
        jle     .dx
        inc     ecx
        cmp     ecx, 1
        jle     .dy
        imul    edi, r10d, WIDTH
        add     edi, r11d
        mov     dl, [r8 + rdi]
        cmp     al, 3                                   ; three in all: alive; four: unchanged
        sete    cl
        cmp     al, 4
        sete    al
        and     al, dl
        or      al, cl
        mov     [r9 + rdi], al
        inc     r11d
        cmp     r11d, WIDTH
        jb      .cell
        inc     r10d
        cmp     r10d, HEIGHT
        jb      .row
        mov     rsi, r9
        mov     rdi, r8
        mov     ecx, WIDTH * HEIGHT / 8
        cld
        rep movsq
        ret

; "generation N: M alive" and the cells.
print:
        push    rsi
        lea     rdi, [picture]
        lea     rsi, [title]
        mov     ecx, title_length
        rep movsb
        mov     eax, r15d
        call    decimal
        mov     eax, ': '
        stosw
        lea     rsi, [now]
        mov     ecx, WIDTH * HEIGHT
        xor     eax, eax
        xor     edx, edx
.count:
        lodsb
        add     edx, eax
        loop    .count
        mov     eax, edx
        call    decimal
        lea     rsi, [alive]
        mov     ecx, alive_length
        rep movsb
        lea     rsi, [now]
        lea     rbx, [characters]
        mov     edx, HEIGHT
.line:
        mov     ecx, WIDTH
.char:
        lodsb
        xlatb
        stosb
        loop    .char
        mov     al, 10
        stosb
        dec     edx
        jnz     .line
        lea     rsi, [picture]
        mov     rdx, rdi
        sub     rdx, rsi
        mov     eax, 1
        mov     edi, 1
        syscall
        pop     rsi
        ret

; Decimal digits of eax to [rdi].
decimal:
        mov     esi, 10
        xor     ecx, ecx
.divide:
        xor     edx, edx
        div     esi
        add     dl, '0'
        push    rdx
        inc     ecx
        test    eax, eax
        jnz     .divide
.out:
        pop     rax
        stosb
        dec     ecx
        jnz     .out
        ret

        section .rodata
shown:  dw      0, 1, 2, 50, 100, 200, -1
characters: db  ".#"
title:  db      "generation "
title_length equ $ - title
alive:  db      " alive", 10
alive_length equ $ - alive

        section .note.GNU-stack noalloc noexec nowrite progbits
