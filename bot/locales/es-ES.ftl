### es-ES
