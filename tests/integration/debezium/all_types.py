"""A table of every column type that we promise, with odd values."""

from __future__ import annotations

REFUSED = "CREATE TABLE odd (id int PRIMARY KEY, t text, iva interval[], pt point, mr int4multirange, nm name)"
"""Debezium leaves interval[] out, writes null for a name in the log, and has forms of its own for points and multiranges."""

ALL_TYPES = r"""
CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy'); CREATE DOMAIN short AS varchar(9);
CREATE TABLE everything (id bigint PRIMARY KEY, touched int NOT NULL DEFAULT 0, i2 smallint, i4 int, b boolean, f4 real, f8 float8, n numeric, n2 numeric(12,4),
 t text, vc varchar(20), c char(5), u uuid, j json, jb jsonb, bin bytea, d date, tm time, tm0 time(0), tz timetz, ts timestamp, ts3 timestamp(3),
 tstz timestamptz, tstz0 timestamptz(0), tstz3 timestamptz(3), iv interval, e mood, dom short, ta text[], ia int[], na numeric[], tsa timestamptz[],
 tsn timestamp[], da date[], ea mood[], ba boolean[], fa float8[], ua uuid[], jba jsonb[], bya bytea[], va varchar(9)[], ca char(3)[], i8a bigint[],
 host inet, net cidr, mac macaddr, bit1 bit(1), bits bit(5), vb varbit(12), cash money, r int4range, dr daterange, o oid, vec tsvector, i8 bigint);
INSERT INTO everything VALUES (1, 0, -3, 42, true, 0.1, 1e10, 1234567.8900, 12.5, E'héllo, "q"\n', 'vc', 'ab', 'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11',
 '{"b": 1,  "a": [1, 2.50]}', '{"b": 1,  "a": [1, 2.50]}', '\xdeadbeef', '2024-02-29', '13:14:15.123456', '13:14:15', '13:14:15.5+02', '2024-01-02 03:04:05.123456',
 '2024-01-02 03:04:05.120', '2024-01-02 03:04:05.1+02', '2024-01-02 03:04:05+02', '2024-01-02 03:04:05.25+02', '1 year 2 mons 3 days 04:05:06.789', 'ok', 'dom',
 '{a,"b c",NULL,"q\"x","x,y","back\\slash"}', '{1,NULL,3}', '{1.50,2}', '{"2024-01-02 03:04:05+02"}', '{"2024-01-02 03:04:05.5"}', '{2024-01-02}', '{sad,happy}', '{t,f}',
 '{1.5,1e20}', '{A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11}', array['{"a":1}'::jsonb], array['\xdead'::bytea], '{x,y}', '{abc,d}', '{9007199254740993,1}',
 '10.0.0.1/24', '10.0.0.0/8', '08:00:2b:01:02:03', B'1', B'10110', B'1011011101', 1234.56, '[1,5)', '[2024-01-01,2024-02-01)', 17, 'a fat cat', 9007199254740993);
INSERT INTO everything (id) VALUES (2);
INSERT INTO everything (id, f4, f8, n, n2, t, tstz, iv, tm, ta, jb, tz, host, d) VALUES
 (3, 'NaN', '-Infinity', 'NaN', 0, '', '-infinity', '-1 day', '24:00:00', '{}', '"str"', '13:14:15-08:30', '10.0.0.1', '9999-12-31');
INSERT INTO everything (id, f4, f8, n, n2, t, ts, tstz, iv, tm, ta, jb, c) VALUES
 (4, 3.4e38, 2e23, 1e-10, -0.0001, '__x', '12024-01-01', '0001-01-01 00:00:00+00', '-1 years +2 mons -3 days -00:00:00.5', '00:00:00.1', '{"",null,"NULL"}', 'null', '');
"""
