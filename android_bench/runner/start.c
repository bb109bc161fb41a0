/* Where a bionic executable begins, for a build without an NDK: bionic's __libc_init
 * sets the C library up, calls main and exits with what it returns. The stack pointer
 * at the entry is its first argument; the arrays end with a null, as bionic reads on
 * from the second place.
 */
typedef void (*Function)(void);
typedef struct {
    Function *before_main, *at_start, *at_end;
} Structors;

extern int main(int, char **, char **);
extern _Noreturn void __libc_init(void *stack, void (*at_exit)(void),
                                  int (*main_function)(int, char **, char **),
                                  const Structors *structors);

#if defined(__aarch64__)
__asm__(".globl _start\n"
        ".type _start, %function\n"
        "_start:\n"
        "    mov x29, #0\n"
        "    mov x0, sp\n"
        "    b start_runner\n");
#elif defined(__x86_64__)
__asm__(".globl _start\n"
        ".type _start, @function\n"
        "_start:\n"
        "    xorl %ebp, %ebp\n"
        "    movq %rsp, %rdi\n"
        "    andq $-16, %rsp\n"
        "    callq start_runner\n");
#else
#error "LiteRT has no library for this processor"
#endif

_Noreturn void start_runner(void *stack) {
    static Function none[2] = {(Function)-1, 0};
    const Structors structors = {none, none, none};
    __libc_init(stack, 0, main, &structors);
}
