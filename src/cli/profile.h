// SPDX-License-Identifier: Apache-2.0
// Profiles: which controller, and who one is there, by name. They stand in ~/.config/slicegate/profiles.json, for its owner's eyes only.
#pragma once

#include "cli/command.h"

// Before the options are read: puts the profile into the environment, from where the options take it. One that was asked for by
// --profile goes before what stands there. Else the current one (or that of SLICEGATE_PROFILE) is taken when neither command line nor
// environment say where the controller is: a profile's token never goes to another controller. 0 or -EINVAL and why.
int profile_enter(int argc, char **argv, char error[CLI_ERROR_TEXT]);
// The session that a sign-in left in the profile in use; NULL when there is none.
const char *profile_session(void);
const char *profile_csrf_token(void);
void profile_fini(void);

// slicegate login, logout, profile list|use|remove.
int login_run(struct command *command);
int logout_run(struct command *command);
int profile_run(struct command *command);

// The whole file as JSON: {"current": NAME, "profiles": {NAME: {...}}}; an empty one when there is none. NULL and why.
json_t *profile_load(char error[CLI_ERROR_TEXT]);
// Replaces the file as a whole. 0 or -errno and why.
int profile_save(const json_t *all, char error[CLI_ERROR_TEXT]);
// The name that the command line, the environment or the file give; "default" when none does.
const char *profile_name(const json_t *all);
