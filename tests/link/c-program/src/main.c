/* The C program. Without a header, so that it needs a compiler and nothing else. */
extern void call_the_roll(void);

int main(void)
{
    call_the_roll();
    return 0;
}
