// SPDX-License-Identifier: Apache-2.0
// The sources are applied from the weakest to the strongest: defaults, file, environment, command line. `given` remembers the
// strongest source that set a row, so that a list from a stronger source replaces one from a weaker and grows within its own.
#include "base/opt.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clean.h"
#include "base/opt_man.h"
#include "base/opt_value.h"
#include "base/vec.h"

enum source { FROM_NOWHERE, FROM_DEFAULT, FROM_FILE, FROM_ENV, FROM_LINE };

struct parse {
	const struct opt_program *program;
	enum source *given; // a row each
	char *error;
};

__attribute__((format(printf, 2, 3))) static int fault(struct parse *parse, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(parse->error, OPT_ERROR_TEXT, format, args);
	va_end(args);
	return -EINVAL;
}

static const struct opt *find_opt(const struct opt_program *program, const char *name, size_t len)
{
	for (size_t i = 0; i < program->count; i++)
		if (strncmp(program->opts[i].name, name, len) == 0 && !program->opts[i].name[len])
			return &program->opts[i];
	return NULL;
}

// `where` is how the place is called in a message: "--hello", "file:12: hello".
static int set(struct parse *parse, const struct opt *opt, enum source source, const char *where, const char *value)
{
	enum source *given = &parse->given[opt - parse->program->opts];
	char why[OPT_ERROR_TEXT];
	int error;

	if (*given != source)
		opt_value_clear(opt);
	*given = source;
	error = opt_value_set(opt, value, why);
	if (error == -EINVAL)
		return fault(parse, "%s: \"%.100s\": %.300s", where, value, why);
	return error ? fault(parse, "%s: %s", where, strerror(-error)) : 0;
}

static char *trim(char *text)
{
	char *end = text + strlen(text);

	text += strspn(text, " \t\r\n");
	while (end > text && strchr(" \t\r\n", end[-1]))
		*--end = '\0';
	return text;
}

// Cuts the comment off a line. Inside double quotes # is itself, and so it is inside a word: secret = a#b.
static void cut_comment(char *line)
{
	bool quoted = false;

	for (char *at = line; *at; at++) {
		if (*at == '"')
			quoted = !quoted;
		if (*at == '#' && !quoted && (at == line || at[-1] == ' ' || at[-1] == '\t')) {
			*at = '\0';
			return;
		}
	}
}

static int file_line(struct parse *parse, const char *path, unsigned number, char *line)
{
	char *equals, *name, *value, where[300];
	const struct opt *opt;
	size_t len;

	cut_comment(line);
	name = trim(line);
	if (!*name)
		return 0;
	equals = strchr(name, '=');
	if (!equals)
		return fault(parse, "%.200s:%u: \"name = value\" is wanted", path, number);
	*equals = '\0';
	value = trim(equals + 1);
	name = trim(name);
	len = strlen(value);
	if (len >= 2 && value[0] == '"' && value[len - 1] == '"') {
		value[len - 1] = '\0';
		value++;
	}
	opt = find_opt(parse->program, name, strlen(name));
	if (!opt)
		return fault(parse, "%.200s:%u: unknown option \"%.100s\"", path, number, name);
	snprintf(where, sizeof(where), "%.200s:%u: %.80s", path, number, name);
	return set(parse, opt, FROM_FILE, where, value);
}

static int read_file(struct parse *parse, const char *path)
{
	FILE *file = fopen(path, "re");
	_cleanup_free_ char *line = NULL;
	size_t room = 0;
	int error = 0;

	if (!file)
		return fault(parse, "--config: %.300s: %s", path, strerror(errno));
	for (unsigned number = 1; !error && getline(&line, &room, file) >= 0; number++)
		error = file_line(parse, path, number, line);
	if (!error && ferror(file))
		error = fault(parse, "--config: %.300s: %s", path, strerror(errno));
	fclose(file);
	return error;
}

#define HELP_COLUMN 30

static void print_opt(char letter, const char *name, const char *word, const char *help)
{
	char left[256], short_form[8] = "";

	if (letter)
		snprintf(short_form, sizeof(short_form), "-%c, ", letter);
	snprintf(left, sizeof(left), "  %s--%s%s%s", short_form, name, *word ? " " : "", word);
	if (strlen(left) > HELP_COLUMN - 2)
		printf("%s\n%*s%s", left, HELP_COLUMN, "", help);
	else
		printf("%-*s%s", HELP_COLUMN, left, help);
}

static void print_help(const struct opt_program *program)
{
	printf("usage: %s %s\n", program->name, program->usage ? program->usage : "[options]");
	if (program->about)
		printf("\n%s\n", program->about);
	printf("\noptions:\n");
	for (size_t i = 0; i < program->count; i++) {
		const struct opt *opt = &program->opts[i];
		char word[160];

		opt_value_word(opt, word, sizeof(word));
		print_opt(opt->letter, opt->name, word, opt->help ? opt->help : "");
		if (opt->required)
			printf(" (required)");
		else if (opt->fallback && *opt->fallback)
			printf(" (default %s)", opt->fallback);
		if (opt->env)
			printf(" [%s]", opt->env);
		printf("\n");
	}
	print_opt(0, "config", "FILE", "read options from FILE: lines of \"name = value\", # begins a comment\n");
	print_opt(0, "version", "", "print the version and end\n");
	print_opt(0, "help", "", "print this and end\n");
}

static const struct opt config_opt = {"config", OPT_TEXT, NULL, .help = ""};

// An argument of the command line, taken apart.
struct argument {
	const struct opt *opt; // NULL: a word
	const char *value;
	char where[120]; // the option as it was written
};

static int missing_or_next(struct parse *parse, struct argument *arg, int argc, char **argv, int *at)
{
	if (arg->opt->kind == OPT_FLAG)
		arg->value = "yes";
	else if (*at + 1 < argc)
		arg->value = argv[++*at];
	else
		return fault(parse, "%s: a value is wanted", arg->where);
	return 0;
}

static int read_long(struct parse *parse, struct argument *arg, int argc, char **argv, int *at)
{
	const char *name = argv[*at] + 2;
	size_t len = strcspn(name, "=");

	snprintf(arg->where, sizeof(arg->where), "--%.*s", (int)len, name);
	arg->opt = find_opt(parse->program, name, len);
	if (!arg->opt && len == 6 && strncmp(name, "config", 6) == 0)
		arg->opt = &config_opt;
	if (!arg->opt)
		return fault(parse, "unknown option %s; see --help", arg->where);
	if (name[len] == '=') {
		arg->value = name + len + 1;
		return 0;
	}
	return missing_or_next(parse, arg, argc, argv, at);
}

static int read_short(struct parse *parse, struct argument *arg, int argc, char **argv, int *at)
{
	const char *text = argv[*at];

	snprintf(arg->where, sizeof(arg->where), "-%c", text[1]);
	for (size_t i = 0; i < parse->program->count; i++)
		if (parse->program->opts[i].letter == text[1])
			arg->opt = &parse->program->opts[i];
	if (!arg->opt || (arg->opt->kind == OPT_FLAG && text[2]))
		return fault(parse, "unknown option %.100s; see --help", text);
	if (text[2]) {
		arg->value = text + 2;
		return 0;
	}
	return missing_or_next(parse, arg, argc, argv, at);
}

static int read_argument(struct parse *parse, struct argument *arg, int argc, char **argv, int *at)
{
	const char *text = argv[*at];

	*arg = (struct argument){.value = text};
	if (text[0] != '-' || !text[1])
		return 0;
	return text[1] == '-' ? read_long(parse, arg, argc, argv, at) : read_short(parse, arg, argc, argv, at);
}

static int take_word(struct parse *parse, struct opt_words *words, char *word)
{
	char **item;

	if (!parse->program->words || !words)
		return fault(parse, "unexpected argument \"%.100s\"; see --help", word);
	item = vec_add(words);
	if (!item)
		return fault(parse, "%s", strerror(ENOMEM));
	*item = word;
	return 0;
}

// Goes over the command line; without `apply` it only looks for --help and --config.
static int walk(struct parse *parse, int argc, char **argv, bool apply, struct opt_words *words, const char **config)
{
	for (int i = 1; i < argc; i++) {
		struct argument arg;
		int error = 0;

		if (strcmp(argv[i], "--") == 0) {
			while (apply && !error && ++i < argc)
				error = take_word(parse, words, argv[i]);
			return error;
		}
		if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "--version") == 0 || strcmp(argv[i], "--man") == 0) {
			if (argv[i][2] == 'h')
				print_help(parse->program);
			else if (argv[i][2] == 'm')
				opt_man(parse->program);
			else
				printf("%s %s\n", parse->program->name, SLICEGATE_VERSION);
			return 1;
		}
		error = read_argument(parse, &arg, argc, argv, &i);
		if (error)
			return error;
		if (arg.opt == &config_opt)
			*config = arg.value;
		else if (apply)
			error = arg.opt ? set(parse, arg.opt, FROM_LINE, arg.where, arg.value) : take_word(parse, words, argv[i]);
		if (error)
			return error;
	}
	return 0;
}

static int set_defaults(struct parse *parse)
{
	const struct opt_program *program = parse->program;

	for (size_t i = 0; i < program->count; i++) {
		const struct opt *opt = &program->opts[i];
		int error = opt->fallback ? set(parse, opt, FROM_DEFAULT, opt->name, opt->fallback) : 0;

		if (error)
			return error;
	}
	return 0;
}

static int set_environment(struct parse *parse)
{
	const struct opt_program *program = parse->program;

	for (size_t i = 0; i < program->count; i++) {
		const struct opt *opt = &program->opts[i];
		const char *value = opt->env ? getenv(opt->env) : NULL;
		int error = value && *value ? set(parse, opt, FROM_ENV, opt->env, value) : 0;

		if (error)
			return error;
	}
	return 0;
}

static int check_required(struct parse *parse)
{
	const struct opt_program *program = parse->program;

	for (size_t i = 0; i < program->count; i++)
		if (program->opts[i].required && parse->given[i] < FROM_FILE)
			return fault(parse, "--%s is required; see --help", program->opts[i].name);
	return 0;
}

int opt_parse(const struct opt_program *program, int argc, char **argv, struct opt_words *words, char error[OPT_ERROR_TEXT])
{
	_cleanup_free_ enum source *given = calloc(program->count + 1, sizeof(*given));
	struct parse parse = {.program = program, .given = given, .error = error};
	const char *config = NULL;
	int result;

	error[0] = '\0';
	if (!given)
		return fault(&parse, "%s", strerror(ENOMEM));
	result = walk(&parse, argc, argv, false, NULL, &config);
	if (!result)
		result = set_defaults(&parse);
	if (!result && config)
		result = read_file(&parse, config);
	if (!result)
		result = set_environment(&parse);
	if (!result)
		result = walk(&parse, argc, argv, true, words, &config);
	return result ? result : check_required(&parse);
}

void opt_parse_or_exit(const struct opt_program *program, int argc, char **argv, struct opt_words *words)
{
	char error[OPT_ERROR_TEXT];
	int result = opt_parse(program, argc, argv, words, error);

	if (!result)
		return;
	if (result < 0)
		fprintf(stderr, "%s: %s\n", program->name, error);
	opt_fini(program);
	if (words)
		vec_free(words);
	exit(result < 0 ? 2 : 0);
}

void opt_fini(const struct opt_program *program)
{
	for (size_t i = 0; i < program->count; i++)
		opt_value_clear(&program->opts[i]);
}

int opt_set(const struct opt_program *program, const char *name, const char *value, char error[OPT_ERROR_TEXT])
{
	const struct opt *opt = find_opt(program, name, strlen(name));
	char why[OPT_ERROR_TEXT];
	int result;

	if (!opt) {
		snprintf(error, OPT_ERROR_TEXT, "unknown option \"%.100s\"", name);
		return -EINVAL;
	}
	result = opt_value_set(opt, value, why);
	if (result)
		snprintf(error, OPT_ERROR_TEXT, "%.100s: \"%.100s\": %.200s", name, value,
			result == -EINVAL ? why : strerror(-result));
	return result;
}
