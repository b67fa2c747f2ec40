/* An interpreter of syntax trees over doubles and arrays of them. The program it runs is the spectral norm of the Computer Language Benchmarks Game. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum op { NUMBER, VARIABLE, ADD, SUBTRACT, MULTIPLY, DIVIDE, ROOT, LESS, ELEMENT, SET, SET_ELEMENT, WHILE, SEQUENCE };

struct node {
    enum op op;
    int variable;
    double number;
    const struct node *a, *b;
};

struct value {
    enum { IS_NUMBER, IS_ARRAY } tag;
    double number;
    double *array;
};

static struct value variables[16];

static double number_of(struct value v)
{
    if (v.tag != IS_NUMBER)
        abort();
    return v.number;
}

static double *array_of(struct value v)
{
    if (v.tag != IS_ARRAY)
        abort();
    return v.array;
}

static double eval(const struct node *n)
{
    switch (n->op) {
    case NUMBER: return n->number;
    case VARIABLE: return number_of(variables[n->variable]);
    case ADD: return eval(n->a) + eval(n->b);
    case SUBTRACT: return eval(n->a) - eval(n->b);
    case MULTIPLY: return eval(n->a) * eval(n->b);
    case DIVIDE: return eval(n->a) / eval(n->b);
    case ROOT: return sqrt(eval(n->a));
    case LESS: return eval(n->a) < eval(n->b);
    case ELEMENT: return array_of(variables[n->variable])[(int)eval(n->a)];
    case SET: return variables[n->variable].number = eval(n->a);
    case SET_ELEMENT: {
        double *array = array_of(variables[n->variable]);
        int i = (int)eval(n->a);
        return array[i] = eval(n->b);
    }
    case WHILE:
        while (eval(n->a) != 0)
            eval(n->b);
        return 0;
    case SEQUENCE: eval(n->a); return eval(n->b);
    }
    abort();
}

static struct node *make(enum op op, int variable, double number, const struct node *a, const struct node *b)
{
    static struct node nodes[512];
    static int count;
    struct node *n = &nodes[count++];
    *n = (struct node){op, variable, number, a, b};
    return n;
}

#define NUM(x) make(NUMBER, 0, x, NULL, NULL)
#define VAR(v) make(VARIABLE, v, 0, NULL, NULL)
#define TWO(op, x, y) make(op, 0, 0, x, y)
#define LET(v, x) make(SET, v, 0, x, NULL)
#define AT(v, i) make(ELEMENT, v, 0, i, NULL)
#define PUT(v, i, x) make(SET_ELEMENT, v, 0, i, x)
#define THEN(x, y) TWO(SEQUENCE, x, y)

enum { SIZE, I, J, SUM, ROUND, VBV, VV, VECTOR_U, VECTOR_V, VECTOR_W };

/* for (v = 0; v < limit; v++) body */
static const struct node *count_up(int v, const struct node *limit, const struct node *body)
{
    return THEN(LET(v, NUM(0)), TWO(WHILE, TWO(LESS, VAR(v), limit), THEN(body, LET(v, TWO(ADD, VAR(v), NUM(1))))));
}

/* to = A from, or the transposed A; A(i, j) = 1 / ((i + j) (i + j + 1) / 2 + i + 1). */
static const struct node *product(int to, int from, int transposed)
{
    const struct node *both = TWO(ADD, VAR(I), VAR(J));
    const struct node *triangle = TWO(DIVIDE, TWO(MULTIPLY, both, TWO(ADD, both, NUM(1))), NUM(2));
    const struct node *element = TWO(DIVIDE, NUM(1), TWO(ADD, triangle, TWO(ADD, VAR(transposed ? J : I), NUM(1))));
    const struct node *add = LET(SUM, TWO(ADD, VAR(SUM), TWO(MULTIPLY, element, AT(from, VAR(J)))));
    return count_up(I, VAR(SIZE), THEN(LET(SUM, NUM(0)), THEN(count_up(J, VAR(SIZE), add), PUT(to, VAR(I), VAR(SUM)))));
}

int main(int argc, char **argv)
{
    int size = argc > 1 ? atoi(argv[1]) : 16;
    variables[SIZE].number = size;
    for (int v = VECTOR_U; v <= VECTOR_W; v++) {
        variables[v] = (struct value){IS_ARRAY, 0, calloc(size, sizeof(double))};
        for (int i = 0; i < size; i++)
            variables[v].array[i] = 1;
    }
    const struct node *step = THEN(THEN(product(VECTOR_W, VECTOR_U, 0), product(VECTOR_V, VECTOR_W, 1)),
                                   THEN(product(VECTOR_W, VECTOR_V, 0), product(VECTOR_U, VECTOR_W, 1)));
    const struct node *square = TWO(MULTIPLY, AT(VECTOR_V, VAR(I)), AT(VECTOR_V, VAR(I)));
    const struct node *mixed = TWO(MULTIPLY, AT(VECTOR_U, VAR(I)), AT(VECTOR_V, VAR(I)));
    const struct node *sums = count_up(I, VAR(SIZE), THEN(LET(VBV, TWO(ADD, VAR(VBV), mixed)), LET(VV, TWO(ADD, VAR(VV), square))));
    const struct node *program = THEN(THEN(count_up(ROUND, NUM(2), step), sums), make(ROOT, 0, 0, TWO(DIVIDE, VAR(VBV), VAR(VV)), NULL));
    printf("%.15f\n", eval(program));
    return 0;
}
