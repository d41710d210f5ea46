// scimmy-routers on express, in memory: `node scimmy.mjs PORT TOKEN`. An index keeps userName unique,
// so that what is measured is the library and not a search through an array.
import {randomUUID} from "node:crypto";
import express from "express";
import SCIMMY from "scimmy";
import SCIMMYRouters from "scimmy-routers";

const [port, token] = process.argv.slice(2);
const users = new Map();
const names = new Map();

SCIMMY.Resources.declare(SCIMMY.Resources.User.extend(SCIMMY.Schemas.EnterpriseUser))
    .ingress(({id}, data) => {
        const key = data.userName.toLowerCase();
        const now = new Date();
        if (names.has(key) && names.get(key) !== id) {
            throw new SCIMMY.Types.Error(409, "uniqueness", "userName is taken");
        }
        const user = {...data, id: id ?? randomUUID(), meta: {created: now, lastModified: now}};
        names.set(key, user.id);
        users.set(user.id, user);
        return user;
    })
    .egress(({id}) => {
        if (id === undefined) return [...users.values()];
        if (!users.has(id)) throw new SCIMMY.Types.Error(404, null, "There is no such user");
        return users.get(id);
    })
    .degress(({id}) => users.delete(id));

const handler = (request) => {
    if (request.header("Authorization") !== `Bearer ${token}`) throw new Error("The token is wrong");
    return "benchmark";
};
express().disable("x-powered-by").use("/scim", new SCIMMYRouters({type: "bearer", handler})).listen(Number(port), "127.0.0.1");
